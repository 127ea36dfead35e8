"""The sweep that measures what operators watch about money."""

from freehold.edge import Call, Swept, sweep
from freehold.store.measures import held_money, late_milestones, open_commands, pending_receipts, waiting_webhooks
from freehold.telemetry.readings import Reading


@sweep(every="1m")
async def measure_money(call: Call) -> Swept:
    """Measure what is held per currency, which milestones are late, how commands to gateways and webhooks stand, and receipts.

    Changes nothing. It looks at what is open alone, by an index, so its cost does not grow with the ledger.
    """
    readings: list[Reading] = []
    for held in await held_money(call.store):
        for account, amount in held.by_account.items():
            labels = {"account": account, "currency": held.currency}
            readings.append(Reading("freehold_held_money_minor", amount, labels))
    for late in await late_milestones(call.store):
        labels = {"deadline": late.deadline}
        readings.append(Reading("freehold_late_milestones", late.count, labels))
        readings.append(Reading("freehold_late_milestones_oldest_seconds", late.oldest_s, labels))
    commands = await open_commands(call.store)
    readings += [Reading("freehold_commands", count, {"state": state}) for state, count in commands.by_state.items()]
    readings.append(Reading("freehold_commands_oldest_open_seconds", commands.oldest_open_s))
    webhooks = await waiting_webhooks(call.store)
    readings += [Reading("freehold_webhooks", count, {"state": state}) for state, count in webhooks.by_state.items()]
    readings.append(Reading("freehold_webhooks_oldest_waiting_seconds", webhooks.oldest_s))
    receipts = await pending_receipts(call.store)
    readings.append(Reading("freehold_receipts_pending", receipts.count))
    readings.append(Reading("freehold_receipts_oldest_pending_seconds", receipts.oldest_s))
    return Swept(done=0, readings=tuple(readings))
