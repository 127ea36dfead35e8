"""What the relay counts. How many sockets, people and channels there are is asked of the hub when somebody scrapes."""

from typing import Final

from freehold.telemetry.metrics import counter, gauge, histogram

SOCKETS: Final = gauge("freehold_relay_sockets", "Open sockets, those that have not given a ticket too")
SOCKET_LIMIT: Final = gauge("freehold_relay_socket_limit", "Sockets that this process takes at most")
CONNECTIONS: Final = gauge("freehold_relay_connections", "Sockets that have given a ticket")
PEOPLE: Final = gauge("freehold_relay_people", "People with a socket here")
CHANNELS: Final = gauge("freehold_relay_channels", "Channels that somebody listens to")
LOOP_WORKS: Final = gauge("freehold_relay_loop_works", "Whether a loop of the relay works", ["loop"])
FRAMES: Final = counter("freehold_relay_frames", "Packets written to sockets")
OCTETS: Final = counter("freehold_relay_sent_bytes", "Bytes written to sockets")
ROWS: Final = counter("freehold_relay_rows", "Rows of the realtime log that were read")
LAG: Final = histogram("freehold_relay_log_lag_seconds", "From the writing of a row of the log to its emit, by two clocks")
GAPS: Final = counter("freehold_relay_log_gaps", "Times that the place in the log was lost")
CUTS: Final = counter("freehold_relay_sockets_cut", "Sockets that were cut", ["reason"])
REFUSALS: Final = counter("freehold_relay_sockets_refused", "Sockets that were not let in", ["code"])
