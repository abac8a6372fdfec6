/** The bytes of all chunks in one array: where there is one chunk only, that itself. It needs typed arrays. */
export function join(chunks: Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  let length = 0;
  for (let i = 0; i < chunks.length; i++) length += chunks[i].length;
  const all = new Uint8Array(length);
  for (let i = 0, at = 0; i < chunks.length; at += chunks[i++].length) all.set(chunks[i], at);
  return all;
}
