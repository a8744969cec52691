import type { BegunRun } from './begin.js';
import type { RunFolder } from './folder.js';
import { observeProfile, type ProfileObserver, type RunProfile } from './profile.js';
import { profileMarkdown, profileText } from './profile-table.js';
import { runEvents } from './state.js';

/** Begins with what a run that is gone on with has told before. */
export async function openProfile({ folder }: BegunRun): Promise<ProfileObserver> {
  const profile = observeProfile();
  for await (const event of runEvents(folder.path)) profile.observe(event);
  return profile;
}

/** Prints a profile, and writes `profile.json` and `profile.md` into the run's folder. */
export async function writeProfile(
  profile: RunProfile,
  folder: RunFolder,
  print: (text: string) => void,
): Promise<void> {
  await folder.write('profile.json', `${JSON.stringify(profile, null, 2)}\n`);
  await folder.write('profile.md', profileMarkdown(profile));
  print(profileText(profile));
}
