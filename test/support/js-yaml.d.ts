/**
 * The part of js-yaml that the tests use; jest brings the package, and it brings no types.
 */
declare module 'js-yaml' {
  const yaml: { load(text: string): unknown };
  export default yaml;
}
