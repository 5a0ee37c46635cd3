import { final } from './errors.js';
import { unreachable } from './unreachable.js';

/** Takes messages for people. Its address is a secret: no error of it holds a part of that. */
export interface Webhook {
  /** Posts one message as JSON. Throws where it was not accepted; a refusal that no retry can mend is final. */
  post(message: object, signal: AbortSignal): Promise<void>;
}

/** One attempt, in milliseconds. */
const PATIENCE = 10_000;

/** Answers that stay the same however often one asks: the address was withdrawn, or never right. */
const REFUSED = new Set([401, 403, 404, 410]);

/** The webhook whose address stands in the environment variable `variable`. */
export function openWebhook(variable: string, address: string | undefined): Webhook {
  return {
    post: async (message, signal) => {
      const { status, ok } = await send(addressOf(variable, address), message, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // Not as the cause: the message of fetch names the address.
        throw new Error(`The webhook of ${variable} does not answer (${unreachable(error) ?? nameOf(error)}).`);
      });
      if (ok) return;
      const found = `The webhook of ${variable} answers with HTTP status ${status}`;
      if (REFUSED.has(status))
        throw final('AccessDenied', `${found}: its address was withdrawn or is not right. Set ${variable} anew.`);
      throw new Error(`${found}, expected 200.`);
    },
  };
}

async function send(address: URL, message: object, signal: AbortSignal): Promise<{ status: number; ok: boolean }> {
  const { status, ok, body } = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    // A redirect would turn the POST into a GET, and send it to who knows whom.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  });
  await body?.cancel();
  return { status, ok };
}

/** What is wrong with the address of a webhook, in words that do not repeat it; undefined where nothing is. */
export function faultOfAddress(variable: string, address: string | undefined): string | undefined {
  if (address === undefined) return `${variable} is not set`;
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
    ? undefined
    : `${variable} holds no http or https address`;
}

function addressOf(variable: string, address: string | undefined): URL {
  const fault = faultOfAddress(variable, address);
  if (fault !== undefined || address === undefined)
    throw final(
      'BadConfig',
      `alerts.webhook: ${fault ?? ''}. Set it where the worker runs, and start that anew; or remove alerts from the config.`,
    );
  return new URL(address);
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : typeof error);
