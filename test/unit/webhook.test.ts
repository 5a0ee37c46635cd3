import { describe, expect, test } from 'vitest';
import { isFinal, messageOf } from '../../src/errors.js';
import { faultOfAddress, openWebhook } from '../../src/webhook.js';
import { receive } from '../support/http.js';

const never = new AbortController().signal;
const failureOf = async (address: string | undefined): Promise<Error> =>
  (await openWebhook('HOOK', address)
    .post({ text: 'hello' }, never)
    .then(
      () => new Error('it was accepted'),
      (error: unknown) => error,
    )) as Error;

test('a message goes out as JSON', async () => {
  const { address, received } = await receive();
  await openWebhook('HOOK', `${address}/hush`).post({ text: 'hello' }, never);
  expect(received).toEqual([{ path: '/hush', body: { text: 'hello' } }]);
});

describe('no error holds any part of the address', () => {
  test.each([
    [
      'an answer that may be another one next time',
      [503],
      false,
      'The webhook of HOOK answers with HTTP status 503, expected 200.',
    ],
    [
      'a refusal',
      [410],
      true,
      'The webhook of HOOK answers with HTTP status 410: its address was revoked or is wrong. Set HOOK to a valid one.',
    ],
    ['a redirect', [302], false, 'The webhook of HOOK answers with HTTP status 302, expected 200.'],
    ['a broken connection', ['cut'], false, /^The webhook of HOOK does not answer \(\w+\)\.$/],
  ] as const)('%s', async (_, answers, isLast, message) => {
    const { address } = await receive(...answers);
    const failure = await failureOf(`${address}/hush`);
    expect(messageOf(failure)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(failure.cause).toBeUndefined();
    expect(isFinal(failure)).toBe(isLast);
  });

  test.each([
    ['a name that does not exist', 'http://hush.invalid/x', /does not answer \(\w+\)\.$/],
    ['no address', 'hush', /HOOK is not an http or https URL/],
    ['another protocol', 'ftp://hush/x', /HOOK is not an http or https URL/],
    ['nothing', undefined, /HOOK is not set/],
  ])('%s', async (_, address, message) => {
    const failure = await failureOf(address);
    expect(failure.message).toMatch(message);
    expect(`${failure.message} ${failure.stack ?? ''} ${JSON.stringify(failure)}`).not.toContain('hush');
  });
});

test('a server that does not answer is reported by its error code', async () => {
  const { address, close } = await receive();
  await close();
  const failure = await failureOf(`${address}/hush`);
  expect(failure.message).toBe('The webhook of HOOK does not answer (ECONNREFUSED).');
});

test('a cancelled post ends with the reason of its cancellation', async () => {
  const { address } = await receive();
  const gone = AbortSignal.abort(new Error('cancelled'));
  await expect(openWebhook('HOOK', address).post({}, gone)).rejects.toThrow('cancelled');
});

test('an address is checked without being shown', () => {
  expect(faultOfAddress('HOOK', 'https://hooks.example/T1/x')).toBeUndefined();
  expect(faultOfAddress('HOOK', 'hooks.example')).toBe('HOOK is not an http or https URL');
});
