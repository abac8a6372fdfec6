// A reporter beside node's own: it prints nothing but which tests have failed, once all have run, since that is where one looks first
// and what is left of a long log.
import { relative } from 'node:path';

export default async function* failures(events) {
  const failed = [];
  for await (const { type, data } of events) {
    if (type !== 'test:fail' || data.todo !== undefined) continue;
    const { error } = data.details;
    if (error.failureType === 'subtestsFailed') continue; // they are told themselves
    const { message } = error.cause ?? error;
    const where = data.file ? `${relative('.', data.file)}: ` : '';
    const [first = 'it does not say why', next = ''] = `${message ?? error.cause}`.split(/\s*\n\s*/).filter(Boolean);
    failed.push(`not ok: ${where}${data.name}\n    ${first}${/:$/.test(first) ? ` ${next}` : ''}\n`);
  }
  yield* failed;
}
