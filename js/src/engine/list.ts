/** Whether an item is in the list. */
export function has<T>(list: T[], item: T): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

/** The list without the items that are this one. */
export function without<T>(list: T[], item: T): T[] {
  const rest = [];
  for (let i = 0; i < list.length; i++) if (list[i] !== item) rest.push(list[i]);
  return rest;
}
