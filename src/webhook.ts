import { final } from './errors.js';
import { unreachable } from './unreachable.js';

/** A webhook for messages to people. Its address is a secret: no error contains any part of it. */
export interface Webhook {
  /** Posts one message as JSON. Throws if it was not accepted; the error is final if no retry can help. */
  post(message: object, signal: AbortSignal): Promise<void>;
}

/** Timeout of one attempt, in milliseconds. */
const PATIENCE = 10_000;

/** Statuses that no retry changes: the address was revoked, or never right. */
const REFUSED = new Set([401, 403, 404, 410]);

/** Opens the webhook whose address is in the environment variable `variable`. */
export function openWebhook(variable: string, address: string | undefined): Webhook {
  return {
    post: async (message, signal) => {
      const { status, ok } = await send(addressOf(variable, address), message, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // Without the cause: fetch's message contains the address.
        throw new Error(`The webhook of ${variable} does not answer (${unreachable(error) ?? errorName(error)}).`);
      });
      if (ok) return;
      const found = `The webhook of ${variable} answers with HTTP status ${status}`;
      if (REFUSED.has(status))
        throw final('AccessDenied', `${found}: its address was revoked or is wrong. Set ${variable} to a valid one.`);
      throw new Error(`${found}, expected 200.`);
    },
  };
}

async function send(address: URL, message: object, signal: AbortSignal): Promise<{ status: number; ok: boolean }> {
  const { status, ok, body } = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    // A redirect would turn the POST into a GET, and send it to an unknown host.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  });
  await body?.cancel();
  return { status, ok };
}

/** Says what is wrong with the address of a webhook, without repeating it; undefined if nothing is. */
export function faultOfAddress(variable: string, address: string | undefined): string | undefined {
  if (address === undefined) return `${variable} is not set`;
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
    ? undefined
    : `${variable} is not an http or https URL`;
}

function addressOf(variable: string, address: string | undefined): URL {
  const fault = faultOfAddress(variable, address);
  if (fault !== undefined || address === undefined)
    throw final(
      'BadConfig',
      `alerts.webhook: ${fault ?? ''}. Set it where the worker runs and restart the worker, or remove alerts from the config.`,
    );
  return new URL(address);
}

const errorName = (error: unknown) => (error instanceof Error ? error.name : typeof error);
