// Parses the diagrams of a JSON list on standard input. Prints a list of what is wrong with each, null if nothing.
import DOMPurify from "dompurify";
import mermaid from "mermaid";

// Mermaid cleans the labels of what it draws by the means of a browser. Here nothing is drawn.
DOMPurify.addHook = () => {};
DOMPurify.sanitize = (text) => text;

let text = "";
for await (const part of process.stdin) text += part;

const said = [];
for (const diagram of JSON.parse(text)) {
  try {
    await mermaid.parse(diagram);
    said.push(null);
  } catch (error) {
    said.push(error.message ?? String(error));
  }
}
process.stdout.write(JSON.stringify(said));
