import type * as Temporal from '@temporalio/client';
import type { Client, Connection } from '@temporalio/client';
import { final, messageOf, passing } from '../errors.js';
import { required } from '../required.js';
import { shellQuoted } from '../shared/commands.js';
import { SEARCH_ATTRIBUTES } from '../shared/names.js';

const temporal = required('@temporalio/client') as typeof Temporal;

/** gRPC's status codes that no retry changes. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/** Where the `temporal` CLI looks without `--address`. */
const DEFAULT_ADDRESSES = ['localhost:7233', '127.0.0.1:7233'];

/** A search attribute that a namespace lacks, with the command that creates it. */
export interface MissingAttribute {
  name: string;
  create: string;
}

const serverAddress = (client: Client) =>
  (client.connection as Client['connection'] & Pick<Connection, 'options'>).options.address;

/** The options of the `temporal` CLI that name a client's namespace: the shell that it is typed in may lack TEMPORAL_*. */
function namespaceFlags(client: Client): string {
  const address = serverAddress(client);
  return [
    `--namespace ${shellQuoted(client.options.namespace)}`,
    ...(DEFAULT_ADDRESSES.includes(address) ? [] : [`--address ${shellQuoted(address)}`]),
  ].join(' ');
}

/**
 * Returns the search attributes that the namespace lacks; undefined if the server does not list them (Temporal Cloud).
 *
 * @throws a final BadConfig if there is no such namespace, a final AccessDenied if it is refused
 */
export async function missingSearchAttributes(client: Client): Promise<MissingAttribute[] | undefined> {
  const { namespace } = client.options;
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes)).map((name) => ({
      name,
      create: `temporal operator search-attribute create ${namespaceFlags(client)} --name ${name} --type Keyword`,
    }));
  } catch {
    await assertNamespace(client);
    return undefined;
  }
}

/** Throws if the server does not give access to the client's namespace. */
async function assertNamespace(client: Client): Promise<void> {
  const { namespace } = client.options;
  const where = `Temporal at ${serverAddress(client)}`;
  try {
    await client.workflowService.describeNamespace({ namespace });
  } catch (error) {
    const code: number | undefined = temporal.isGrpcServiceError(error) ? error.code : undefined;
    if (code === NOT_FOUND)
      throw final(
        'BadConfig',
        `${where} has no namespace ${namespace}. Correct TEMPORAL_NAMESPACE or TEMPORAL_ADDRESS, or create it: ` +
          `temporal operator namespace create ${namespaceFlags(client)}`,
        { cause: error },
      );
    if (code === PERMISSION_DENIED || code === UNAUTHENTICATED)
      throw final(
        'AccessDenied',
        `${where} refuses access to the namespace ${namespace} (${messageOf(error)}). ` +
          'Check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and TEMPORAL_TLS_*.',
        { cause: error },
      );
    throw passing(
      `${where} does not say whether the namespace ${namespace} exists (${messageOf(error)}). Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.`,
      { cause: error },
    );
  }
}

/** Throws if a search attribute is missing: workflows that set it would hang. */
export async function assertSearchAttributes(client: Client): Promise<void> {
  const missing = (await missingSearchAttributes(client)) ?? [];
  if (missing.length > 0)
    throw final(
      'BadConfig',
      `The Temporal namespace ${client.options.namespace} lacks the search attributes ${missing.map(({ name }) => name).join(', ')}. Create them:\n` +
        missing.map(({ create }) => `  ${create}`).join('\n'),
    );
}
