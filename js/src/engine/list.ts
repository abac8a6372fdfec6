/** The list without the items that are this one. */
export function without<T>(list: T[], item: T): T[] {
  const rest = [];
  for (let i = 0; i < list.length; i++) if (list[i] !== item) rest.push(list[i]);
  return rest;
}
