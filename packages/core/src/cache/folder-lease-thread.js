/** Renews the leases of a process that lie in folders. */
import { generations, leaseFile, renewLease } from './lease-files.js';
import { keepLeases } from './lease-thread.js';

/** @param {{ folder: string, key: string, generation: number, text: string }} lease */
function renew({ folder, key, generation, text }, /** @type {number} */ beat) {
  if (!renewLease(leaseFile(folder, key, generation), `${text} ${beat}`)) return false;
  return generations(folder, key).every((other) => other <= generation);
}

keepLeases(renew);
