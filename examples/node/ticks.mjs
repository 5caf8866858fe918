// Ticks in Node, from docs/asyncapi.yaml alone: lease a subscription, take the last value, then follow live.
// usage: node ticks.mjs GATEWAY SYMBOL.EXCHANGE [COUNT]
import { connect } from "@nats-io/transport-node";
import { decode } from "@msgpack/msgpack";

// Field indices of tick/1 (docs/asyncapi.yaml, components.schemas.Tick, x-index).
const TAG = 0, SYMBOL = 2, EXCHANGE = 3, DATETIME = 4, EPOCH = 6, SEQ = 7, LAST_PRICE = 14;
const BID_PRICE_1 = 22, ASK_PRICE_1 = 27;
const LEASE_SECONDS = 30;

const [gateway, vtSymbol, count = "5"] = process.argv.slice(2);
const dot = vtSymbol.lastIndexOf(".");
const [symbol, exchange] = [vtSymbol.slice(0, dot), vtSymbol.slice(dot + 1)];
// A subject token keeps A-Z a-z 0-9 _ -, every other byte of its UTF-8 becomes %XX.
const token = (text) =>
  [...new TextEncoder().encode(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9_-]/.test(char) ? char : "%" + char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")))
    .join("");

const bus = await connect({ servers: process.env.MARKETBUS_URL ?? "nats://127.0.0.1:4222" });

async function call(verb, body) {
  const reply = await bus.request(`rpc.${token(gateway)}.md.${verb}`, JSON.stringify(body), { timeout: 3000 });
  if (reply.headers?.has("Nats-Service-Error")) {
    const fault = reply.json();
    throw new Error(`${fault.code}: ${fault.message} (${fault.hint})`);
  }
  return reply.json();
}

// Times are nanoseconds in 64 bits: beyond 2^53 a Number would lose digits, so every 64-bit integer is a BigInt.
const tickOf = (data) => {
  const fields = decode(data, { useBigInt64: true });
  if (fields[TAG] !== "tick/1") throw new Error(`unknown payload ${fields[TAG]}`);
  return fields;
};

const show = (tick) => {
  const time = new Date(Number(BigInt(tick[DATETIME]) / 1_000_000n)).toISOString();
  console.log(
    JSON.stringify({
      vt_symbol: `${tick[SYMBOL]}.${tick[EXCHANGE]}`, time, datetime: String(tick[DATETIME]),
      epoch: String(tick[EPOCH]), seq: Number(tick[SEQ]),
      last_price: tick[LAST_PRICE], bid: tick[BID_PRICE_1], ask: tick[ASK_PRICE_1],
    }),
  );
};

// Subscribe first, then lease: nothing can come in between.
const live = bus.subscribe(`md.tick.${token(gateway)}.${exchange}.${token(symbol)}`, { max: Number(count) });
const owner = `node-${process.pid}`;
const coverage = await call("subscribe", { owner, patterns: [vtSymbol], ttl: LEASE_SECONDS });
if (coverage.matched === 0) throw new Error(`${gateway} does not carry ${vtSymbol}: ${JSON.stringify(coverage.unmatched)}`);
const renewal = setInterval(() => call("renew", { owner, ttl: LEASE_SECONDS }).catch(console.error), (LEASE_SECONDS * 1000) / 3);

for await (const message of live) show(tickOf(message.data));

clearInterval(renewal);
await call("unsubscribe", { owner });
await bus.close();
