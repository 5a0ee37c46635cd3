import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseYaml } from './yaml.js';

const REPOSITORY = new URL('../../', import.meta.url);

const variables = z.record(z.string(), z.union([z.string(), z.number()]));

const service = z.looseObject({
  image: z.string(),
  environment: variables.optional(),
  command: z.array(z.string()).optional(),
  healthcheck: z.union([z.object({ disable: z.literal(true) }), z.looseObject({ test: z.array(z.string()) })]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
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

const schema = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});

/** A text of the repository. */
export const repositoryText = (path: string): string => readFileSync(new URL(path, REPOSITORY), 'utf8');

/** `docker-compose.yml`, as far as tests ask; every service must have a health check, or end by itself. */
export const readCompose = () => schema.parse(parseYaml(repositoryText('docker-compose.yml')));

/** The GRANT statements of the user that the compose file gives to ClickHouse. */
export const composeGrants = (): string[] =>
  [...(readCompose().configs['clickhouse-user']?.content ?? '').matchAll(/<query>(.+)<\/query>/g)].map(
    ([, statement = '']) => statement,
  );
