// Ask an agent one question, typed or spoken in a WAV file (16-bit mono PCM), and print the answer.
//
//   node examples/talk.mjs wss://voice.example.com/v1/voice TOKEN "Good morning"
//   node examples/talk.mjs wss://voice.example.com/v1/voice TOKEN question.wav
//
// Needs Node 22 or newer (20.10: node --experimental-websocket). All but reading the file is what a browser does.
import { readFileSync } from "node:fs";

const [url, token, question] = process.argv.slice(2);
if (!question) stop("usage: node talk.mjs URL TOKEN TEXT-OR-FILE.wav (needs Node 22 or newer)");
if (!globalThis.WebSocket) {
  stop(`Node ${process.versions.node} has no WebSocket: use Node 22 or newer (20.10: node --experimental-websocket).`);
}
const recording = question.endsWith(".wav") ? readFileSync(question) : null;
const inputRate = recording ? recording.readUInt32LE(24) : 16000;

// A browser cannot set headers: the token rides as a second subprotocol.
const encoded = btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const socket = new WebSocket(url, ["parley.v1", `parley.token.${encoded}`]);
socket.binaryType = "arraybuffer";
const send = (type, fields = {}) => socket.send(JSON.stringify({ type, ...fields }));

function stop(why) {
  console.error(why);
  process.exit(2);
}

let heard = !recording; // before it is, the agent speaks of its own accord: a greeting
let answer = "";
let answerBytes = 0;
let microphone;

// Audio goes in real time, and silence as well: that is how a recogniser knows that somebody has finished.
function speak(pcm) {
  const frame = (inputRate / 10) * 2; // 100 ms
  let at = 0;
  microphone = setInterval(() => {
    const said = pcm.subarray(at, at + frame);
    at += frame;
    socket.send(said.length === frame ? said : Buffer.concat([said, Buffer.alloc(frame - said.length)]));
  }, 100);
}

const on = {
  "session.started": () => (recording ? speak(recording.subarray(44)) : send("text", { text: question })),
  transcript: ({ text, final }) => {
    if (final) console.log("caller:", text);
    heard ||= final;
  },
  "reply.started": () => ((answer = ""), (answerBytes = 0)),
  "reply.text": ({ delta }) => (answer += delta),
  "reply.interrupted": () => {}, // drop the audio that is not played yet
  "reply.ended": ({ status }) => {
    if (!heard || status === "interrupted") return;
    console.log("agent:", answer.trim(), `(${answerBytes} bytes of audio)`);
    send("session.end");
  },
  error: ({ message }) => console.error(message),
};

socket.onopen = () => send("session.start", { audio: { input_rate: inputRate, output_rate: 24000 } });
socket.onmessage = ({ data }) => {
  if (data instanceof ArrayBuffer) answerBytes += data.byteLength; // s16le mono at output_rate: play it
  else {
    const message = JSON.parse(data);
    on[message.type]?.(message); // a client ignores types that it does not know
  }
};
socket.onclose = ({ code, reason }) => {
  clearInterval(microphone);
  console.log("closed:", code, reason);
};
