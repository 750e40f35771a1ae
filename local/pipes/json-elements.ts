/**
 * Cuts a JSON array into the texts of its elements without parsing their values, so that a number of any size leaves a pipe
 * exactly as the enrichment wrote it. Pure.
 */

/** The elements of a JSON array as JSON texts, or undefined when the text is another JSON value. Throws when it is no JSON. */
export function jsonArrayElements(text: string): readonly string[] | undefined {
  if (!Array.isArray(JSON.parse(text))) return undefined;
  const elements: string[] = [];
  const body = text.trim();
  let depth = 0;
  let inString = false;
  let from = 1;
  for (let index = 1; index < body.length - 1; index += 1) {
    const character = body[index];
    if (inString) {
      if (character === '\\') index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    else if (character === ',' && depth === 0) {
      elements.push(body.slice(from, index).trim());
      from = index + 1;
    }
  }
  const last = body.slice(from, -1).trim();
  return last === '' ? elements : [...elements, last];
}
