/**
 * The environment of this process, for a part of it that others read variables in, such as a test file.
 */

/** Sets variables for as long as the function that is returned is not called. */
export function setVariables(
  values: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): () => void {
  const before = Object.keys(values).map((name) => [name, env[name]] as const);
  Object.assign(env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  };
}

export function readEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
