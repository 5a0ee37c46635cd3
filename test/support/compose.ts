import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseYaml } from './yaml.js';

const REPOSITORY = new URL('../../', import.meta.url);

const variables = z.record(z.string(), z.union([z.string(), z.number()]));

const duration = z.string().regex(/^\d+[smh]$/);

/** The parts of the compose specification that the file uses; any other key is refused. */
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  init: z.boolean().optional(),
  entrypoint: z.array(z.string()).optional(),
  ulimits: z.record(z.string(), z.int()).optional(),
  environment: variables.optional(),
  command: z.array(z.string()).optional(),
  healthcheck: z.union([
    z.object({ disable: z.literal(true) }),
    z.strictObject({
      test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()),
      interval: duration,
      timeout: duration,
      retries: z.int(),
      start_period: duration.optional(),
    }),
  ]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).optional(),
  deploy: z.strictObject({
    replicas: z.int().optional(),
    resources: z.strictObject({ limits: z.strictObject({ memory: z.string().regex(/^\d+[mg]$/) }) }),
  }),
  logging: z.strictObject({
    driver: z.literal('json-file'),
    options: z.strictObject({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
  profiles: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
});

const schema = z.strictObject({
  name: z.string(),
  'x-daybook': z.unknown(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});

/** A text of the repository. */
export const repositoryText = (path: string): string => readFileSync(new URL(path, REPOSITORY), 'utf8');

export type Compose = z.infer<typeof schema>;

/**
 * `docker-compose.yml`, as far as tests ask; every service must have a health check, or end by itself.
 *
 * @param given values of the variables; left out, they stay as they are written
 */
export const readCompose = (given?: Readonly<Record<string, string>>): Compose => {
  const text = repositoryText('docker-compose.yml');
  return schema.parse(parseYaml(given === undefined ? text : interpolated(text, given)));
};

/** The variables of `.env.example`, as they are written there. */
export const exampleVariables = (): Record<string, string> =>
  Object.fromEntries(
    [...repositoryText('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

/** Replaces variables as Docker Compose does. Throws where a required one is empty. */
function interpolated(text: string, given: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$(?:\$|\{(\w+):([-?])([^}]*)\})/g,
    (_, name?: string, kind?: string, rest?: string): string => {
      if (name === undefined) return '$';
      const value = given[name] ?? '';
      if (value !== '') return value;
      if (kind === '-') return rest ?? '';
      throw new Error(`required variable ${name} is missing a value: ${rest ?? ''}`);
    },
  );
}

/** The GRANT statements of the user that the compose file gives to ClickHouse, for the example project. */
export function composeGrants(): string[] {
  const secrets = Object.entries(exampleVariables()).filter(([, value]) => value === '');
  const { configs } = readCompose(Object.fromEntries(secrets.map(([name]) => [name, 'secret'])));
  const statements = (configs['clickhouse-user']?.content ?? '').matchAll(/<query>(.+)<\/query>/g);
  return [...statements].map(([, statement = '']) => statement);
}
