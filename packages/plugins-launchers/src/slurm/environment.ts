/** What a worker needs to find its program; all that Slurm itself reads; settings of this program but for secrets. */
const passed = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|MODULEPATH|MODULESHOME|LMOD_\w+)$/,
  /^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS)$/,
  // Of a job in which the run itself works its workers must see nothing.
  /^(SLURM_CONF|SLURM_CONF_SERVER|SLURM_CLUSTERS|SBATCH_(?!EXPORT$)\w+)$/,
  /^PRIVATESNN_(?!REDIS|PARENT$|SUPERVISED$|WORKER$)\w+$/,
];

/**
 * The environment that Slurm passes to workers and keeps with the job: no more than they need.
 *
 * @param named variables that the user wants them to have besides
 */
export function workerEnvironment(
  own: NodeJS.ProcessEnv,
  named: readonly string[],
): NodeJS.ProcessEnv {
  const wanted = (name: string) =>
    named.includes(name) || passed.some((pattern) => pattern.test(name));
  return Object.fromEntries(Object.entries(own).filter(([name]) => wanted(name)));
}
