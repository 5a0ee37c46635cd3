import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '../stack-file.js';
import { clusterGrants, localGrants, productionGrants, READER_GRANTS } from './grants.js';

export interface ServerConfig {
  /** Absolute path of the stack's folder. */
  dir: string;
  /** On 127.0.0.1. */
  ports: { http: number; native: number };
  users: Record<'daybook' | 'reader' | 'admin', Pick<Stack['clickhouse'], 'user' | 'password'>>;
  /** The server is a node of a cluster: Daybook's user may wait for what other nodes have written. */
  cluster?: boolean;
}

const folder = (dir: string) => join(dir, 'clickhouse');
const configFile = (dir: string) => join(folder(dir), 'config.xml');
const usersFile = (dir: string) => join(folder(dir), 'users.xml');

/** Writes `config.xml` and `users.xml` into the stack's folder, readable by its owner alone: they hold passwords. */
export async function writeServerConfig(config: ServerConfig): Promise<void> {
  await mkdir(folder(config.dir), { recursive: true });
  await writeFile(usersFile(config.dir), usersXml(config), { mode: 0o600 });
  await writeFile(configFile(config.dir), configXml(config), { mode: 0o600 });
}

/**
 * Returns the arguments that turn `clickhouse local` into a server: it opens its ports and serves until `stop` reaches its end.
 * @param stop the input of the statement that keeps the server running: `stdin`, or the quoted path of a pipe
 */
export const serverArguments = (dir: string, stop: string): string[] => [
  `--path=${join(folder(dir), 'data')}`,
  `--config-file=${configFile(dir)}`,
  // `clickhouse local` ignores the level in its configuration file. This level logs failed statements.
  '--log-level=error',
  `--query=SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT count() FROM file(${stop}, 'LineAsString', 'line String') FORMAT Null`,
];

function configXml({ dir, ports }: ServerConfig): string {
  return `<clickhouse>
  <logger><log>${xmlEscaped(join(dir, 'logs', 'clickhouse.log'))}</log><size>10M</size><count>1</count></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${ports.http}</http_port>
  <tcp_port>${ports.native}</tcp_port>
  <users_config>${xmlEscaped(usersFile(dir))}</users_config>
  <!-- The defaults of an installed server. -->
  <access_control_improvements>
    <users_without_row_policies_can_read_rows>true</users_without_row_policies_can_read_rows>
    <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
    <table_engines_require_grant>true</table_engines_require_grant>
  </access_control_improvements>
  <!-- In memory: a table on disk could not be opened again, because clickhouse local does not persist the tables of its system database. -->
  <query_log>
    <database>system</database>
    <table>query_log</table>
    <engine>ENGINE = Memory SETTINGS min_bytes_to_keep = 33554432, max_bytes_to_keep = 67108864</engine>
  </query_log>
</clickhouse>
`;
}

/**
 * Returns `users.xml`. `clickhouse local` runs its own statements as `default`, without a password and from 127.0.0.1, so this
 * user must be able to open the ports and read the pipe. Other programs on this machine can therefore use it to read files of
 * the stack's owner, but no tables.
 */
function usersXml({ users: { daybook, reader, admin }, cluster = false }: ServerConfig): string {
  const grants = localGrants(productionGrants() + (cluster ? clusterGrants() : ''));
  return `<clickhouse>
  <profiles>
    <!-- Undo what \`clickhouse local\` sets differently from a server. -->
    <default>
      <implicit_select>0</implicit_select>
      <allow_introspection_functions>0</allow_introspection_functions>
      <storage_file_read_method>pread</storage_file_read_method>
    </default>
  </profiles>
  <quotas><default/></quotas>
  <users>
${[
  userXml('default', '', ['GRANT SYSTEM LISTEN ON *.*', 'GRANT CREATE TEMPORARY TABLE ON *.*', 'GRANT READ ON FILE']),
  userXml(daybook.user, daybook.password, grants),
  userXml(reader.user, reader.password, READER_GRANTS),
  userXml(admin.user, admin.password),
].join('\n')}
  </users>
</clickhouse>
`;
}

/** @param grants undefined: all rights that a user defined in a file can have */
function userXml(name: string, password: string, grants?: readonly string[]): string {
  const rights = grants?.map((grant) => `<query>${xmlEscaped(grant)}</query>`).join('\n        ');
  return `    <${name}>
      <password>${xmlEscaped(password)}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      ${rights === undefined ? EVERY_RIGHT : `<grants>\n        ${rights}\n      </grants>`}
    </${name}>`;
}

const EVERY_RIGHT = '<named_collection_control>1</named_collection_control>';

const xmlEscaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
