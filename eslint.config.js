import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const gateways = ['src/clickhouse', 'src/store', 'src/temporal', 'src/webhook.ts'];
const modules = ['src/shared', 'src/errors.ts', ...gateways, 'src/conversions', 'src/raw', 'src/ledger', 'src/project'];
const build = ['src/step', 'src/plan', 'src/stage', 'src/erase'];

/**
 * Which part may import which, besides itself. Imports point one way: what is higher in this list never imports what is lower.
 * A new folder or file of `src` belongs in here before anything else.
 */
const may = {
  'src/errors.ts': ['src/shared'],
  // Where downloaded programs are kept: bin/install.js needs it before anything is compiled.
  'src/env.ts': ['src/local'],
  'src/shared': [],
  'src/unreachable.ts': ['src/shared', 'src/errors.ts'],
  'src/required.ts': [],
  'src/clickhouse': ['src/shared', 'src/errors.ts', 'src/env.ts', 'src/unreachable.ts', 'src/required.ts'],
  'src/store': ['src/shared', 'src/errors.ts', 'src/env.ts', 'src/unreachable.ts', 'src/required.ts'],
  'src/temporal': ['src/shared', 'src/errors.ts', 'src/env.ts', 'src/unreachable.ts', 'src/required.ts'],
  'src/webhook.ts': ['src/errors.ts', 'src/unreachable.ts'],
  'src/conversions': ['src/shared', 'src/errors.ts', 'src/clickhouse'],
  'src/raw': ['src/shared', 'src/errors.ts', 'src/clickhouse', 'src/conversions'],
  'src/ledger': ['src/shared', 'src/errors.ts', 'src/clickhouse', 'src/store'],
  'src/project': ['src/shared', 'src/errors.ts', 'src/unreachable.ts', ...gateways, 'src/conversions', 'src/raw'],
  'src/step': modules,
  'src/plan': [...modules, 'src/step'],
  'src/stage': [...modules, 'src/step', 'src/plan'],
  'src/erase': [...modules, 'src/step', 'src/plan', 'src/stage'],
  activities: [...modules, ...build],
  workflows: ['src/shared', 'src/errors.ts', 'activities'],
  'src/log.ts': ['src/env.ts'],
  'src/worker-log.ts': ['src/shared', 'src/errors.ts'],
  'src/workflow-bundle.ts': [],
  'src/app.ts': [...modules, 'src/env.ts', 'src/step'],
  'src/worker.ts': [...modules, 'src/app.ts', 'src/worker-log.ts', 'src/workflow-bundle.ts', 'activities'],
  'src/local': ['src/shared', 'src/errors.ts', 'src/env.ts', 'src/clickhouse'],
  'src/cli': [...modules, ...build, 'src/env.ts', 'src/app.ts', 'src/log.ts', 'src/worker.ts', 'src/local'],
};

const parts = Object.keys(may);
for (const name of readdirSync(new URL('src', import.meta.url)))
  if (!name.startsWith('.') && !parts.includes(`src/${name}`))
    throw new Error(`eslint.config.js does not say what src/${name} may import.`);
const steps = readdirSync(new URL('activities', import.meta.url)).filter((name) => !name.includes('.'));

const zones = [
  ...Object.entries(may).map(([target, allowed]) => ({
    target: `./${target}`,
    from: [...parts, 'test', 'bench']
      .filter((part) => part !== target && !allowed.includes(part))
      .map((part) => `./${part}`),
    message: `${target} may import only ${[target, ...allowed].join(', ')}.`,
  })),
  ...steps.map((step) => ({
    target: `./activities/${step}`,
    from: './activities',
    except: [`./${step}`],
    message: 'A step imports no other step; what several share lies in the module of src that owns it.',
  })),
  {
    target: './src/cli/common',
    from: './src/cli',
    except: ['./common'],
    message: 'What commands share imports no command.',
  },
];

const NO_CLOCK = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'No clock here: take the time as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'No clock here: take the time as an argument.',
  },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Nothing random here.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.daybook/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', 'src/**/*.js'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    // Without it './x.js' is never resolved to './x.ts', and the rules below check nothing.
    settings: {
      'import-x/extensions': ['.ts', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.js'] },
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      'import-x/no-restricted-paths': ['error', { zones }],
      // Without `ignoreExternal` the rule parses the packages, too: half of the time of all rules.
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/order': ['error', { alphabetize: { order: 'asc' }, 'newlines-between': 'never' }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/env.ts reads the environment.' },
      ],
    },
  },
  { files: ['src/env.ts'], rules: { 'no-restricted-properties': 'off' } },
  // Pure: rules over values, which take the time as an argument.
  { files: ['src/{shared,conversions,plan}/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...NO_CLOCK] } },
  {
    files: ['src/shared/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', 'fetch', 'setTimeout', 'setInterval', 'performance'],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', '@temporalio/*'], message: 'Workflows import src/shared: it is pure.' }] },
      ],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', '@temporalio/activity', '@temporalio/client', '@temporalio/worker'],
              message: 'Workflows run in the sandbox.',
            },
            {
              group: ['**/activities/**'],
              allowTypeImports: true,
              message: 'Workflows see only the types of activities.',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } } },
);
