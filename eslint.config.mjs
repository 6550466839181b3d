// The strictest typed preset, with the shape rules of the house: short bodies, few parameters, one noun per file.
import tseslint from 'typescript-eslint';

// Brands are given by the caller: `idOf<ImageId>(text)` uses its parameter once, and that is its purpose.
const brands = { '@typescript-eslint/no-unnecessary-type-parameters': 'off' };

const shape = {
  'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-params': 'off',
  '@typescript-eslint/max-params': ['error', { max: 3 }],
  'no-console': 'error',
};

export default tseslint.config(
  // The kernels are AssemblyScript: its own compiler checks them.
  { ignores: ['dist/', 'node_modules/', 'data/', '**/*.mjs', 'screenshots/', 'client-sdk/core/image/kernel/', 'client-sdk/core/image/deflate-kernel/', 'client-sdk/core/image/jpeg/kernel/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...shape,
      ...brands,
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    // Coders and format parsers: splitting would hide them, and a bounds check per sample would halve their speed.
    files: ['client-sdk/core/image/**/*.ts', 'client-sdk/protocol/hamming.ts'],
    rules: {
      'max-lines': ['error', { max: 700, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/max-params': ['error', { max: 6 }],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }], 'max-lines': ['error', { max: 500 }] },
  },
);
