// A stock client under the test's command: `node listen.mjs URL NAMESPACE...`.
// It prints one JSON object a line for whatever happens to it, and asks for a ticket ({"asks": "ticket"}) whenever it
// connects; the answer is a line on standard input: {"ticket": "..."}. {"connect": true} makes it connect again.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, ...namespaces] = process.argv.slice(2);
const waiting = [];
const sockets = new Map();

function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function askForTicket(give) {
  waiting.push(give);
  tell({ asks: "ticket" });
}

for (const namespace of namespaces) {
  const socket = io(url + namespace, {
    auth: askForTicket,
    transports: ["websocket"],
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  });
  sockets.set(namespace, socket);
  socket.on("connect", () => tell({ connected: namespace, recovered: socket.recovered === true }));
  socket.on("connect_error", (error) => tell({ refused: namespace, message: error.message, data: error.data ?? null }));
  socket.on("disconnect", (reason) => tell({ disconnected: namespace, reason, active: socket.active }));
  socket.io.on("ping", () => tell({ pinged: true }));
  socket.onAny((event, ...args) => tell({ event, args, namespace }));
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const told = JSON.parse(line);
  if ("ticket" in told) waiting.shift()(told.ticket === null ? {} : { ticket: told.ticket });
  if (told.connect) sockets.get(told.connect).connect();
  if (told.emit)
    sockets
      .get(told.emit.namespace)
      .timeout(5000)
      .emit(...told.emit.args, (error, answer) => tell({ acknowledged: error ? String(error) : answer }));
}).on("close", () => process.exit(0));
