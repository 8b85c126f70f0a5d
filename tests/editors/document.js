// A document as a person has it before them: `¦` is the cursor.

/** Splits a document into its text and the cursor's position. */
export function atCursor(document) {
  const before = document.slice(0, document.indexOf('¦'));
  const lines = before.split('\n');
  const position = { line: lines.length - 1, character: lines.at(-1).length };
  return { text: document.replace('¦', ''), position };
}

/** Completions, as a list shows them: what is chosen, what it inserts, what is said about it. */
export function shownCompletions(items) {
  return [...items].sort(byLabel).map(shownCompletion).join('\n');
}

const byLabel = (one, other) => (one.label < other.label ? -1 : Number(one.label > other.label));

function shownCompletion(item) {
  const inserted = item.textEdit?.newText ?? item.insertText ?? item.label;
  const said = item.documentation?.value ?? item.documentation ?? '';
  return `* ${item.label}\n${indented(inserted, '  > ')}${indented(said, '    ')}`;
}

const indented = (text, indent) =>
  text.split('\n').filter((line) => line.trim() !== '').map((line) => `${indent}${line}\n`).join('');

/** How many problems of a document are shown. */
const MOST_PROBLEMS = 20;

/** Problems, in the order of the text: line and column from 1, the text that is underlined, the message. */
export function shownProblems(text, problems) {
  const lines = text.split('\n');
  const sorted = [...problems].sort((one, other) => offset(one) - offset(other));
  const shown = sorted.slice(0, MOST_PROBLEMS).map(({ range: { start, end }, message }) => {
    const marked = lines[start.line].slice(start.character, start.line === end.line ? end.character : undefined);
    return `${start.line + 1}:${start.character + 1} \`${marked}\`: ${message}`;
  });
  if (problems.length > MOST_PROBLEMS) shown.push(`... and ${problems.length - MOST_PROBLEMS} more`);
  return shown.length > 0 ? shown.join('\n') : '(no problem)';
}

// Of one place, in the order in which the editor says them. No line is that long.
const offset = ({ range: { start } }) => start.line * 1e6 + start.character;

/** A hover's text. */
export const shownHover = (hover) => [hover?.contents ?? '(nothing)'].flat().map((part) => part.value ?? part).join('\n');
