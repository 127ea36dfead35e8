"""The sweep that appends journals to the Merkle log."""

from functools import partial

from freehold.documents import LiabilityStatement
from freehold.edge import Call, Swept, sweep
from freehold.edge.note_signing import SECRET, NoteSigner
from freehold.store.errors import Duplicate, Stale
from freehold.store.ledger_log import BATCH, append_waiting
from freehold.store.liabilities import sign_stated


@sweep(every="2s", secrets=(SECRET,))
async def append_leaves(call: Call) -> Swept:
    """Append the journals that wait to the log, and sign a checkpoint over them, all in one transaction.

    Nobody else holds the key that signs, so statements of what is owed are signed here too. Any number may run at once: one
    of them gets through.
    """
    signer_of = partial(NoteSigner, call.secret(SECRET))
    origin = call.settings.ledger_origin
    try:
        done = await call.transact(lambda unit: append_waiting(unit, origin, signer_of, now=call.now, limit=BATCH))
        if await call.store.find_ids(LiabilityStatement, {"state": "stated"}, limit=1):
            await call.transact(lambda unit: sign_stated(unit, signer_of))
    except (Stale, Duplicate):
        return Swept(done=0, more=True)
    return Swept(done=done, more=done == BATCH)
