import type { StateAnswer } from '../api/answers.ts';
export function EntryView({ entryKey }: { readonly entryKey: string; readonly state: StateAnswer | null }) { return <p>{entryKey}</p>; }
