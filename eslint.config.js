import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Which folder may import which. A folder may import itself and the folders listed; everything else is refused.
 * The direction is core <- statements, io <- project <- build <- activities <- app <- worker, cli.
 */
const may = {
  'src/core': [],
  'src/statements': ['src/core', 'src/errors.ts'],
  'src/io': ['src/core', 'src/statements', 'src/errors.ts', 'src/env.ts'],
  'src/project': ['src/core', 'src/statements', 'src/io', 'src/errors.ts'],
  'src/build': ['src/core', 'src/statements', 'src/io', 'src/project', 'src/errors.ts'],
  activities: ['src/core', 'src/statements', 'src/io', 'src/project', 'src/build', 'src/errors.ts'],
  workflows: ['src/core', 'src/errors.ts', 'activities'],
  'src/local': ['src/core', 'src/io', 'src/errors.ts', 'src/env.ts'],
};

const places = [
  ...Object.keys(may),
  'src/cli',
  'src/app.ts',
  'src/worker.ts',
  'src/errors.ts',
  'src/env.ts',
  'test',
  'bench',
];

const zones = Object.entries(may).map(([target, allowed]) => ({
  target: `./${target}`,
  from: places.filter((place) => place !== target && !allowed.includes(place)).map((place) => `./${place}`),
  message: `${target} may import only ${[target, ...allowed].join(', ')}.`,
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.daybook/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', 'src/**/*.js'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    // Without it './x.js' is never found to be './x.ts', and the rules below hold nobody to anything.
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
      'import-x/no-cycle': 'error',
      'import-x/order': ['error', { alphabetize: { order: 'asc' }, 'newlines-between': 'never' }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/env.ts reads the environment.' },
      ],
    },
  },
  { files: ['src/env.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval'],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'src/core knows no clock.' },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'src/core knows no clock.' },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'src/core knows no chance.',
        },
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
              group: ['**/activities/*'],
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
