// All the stories that a timeline has, oldest first.

import { stopStory } from "./stop-story.ts";
import type { Story } from "./story.ts";
import { type Sources, switchStory } from "./switch-story.ts";

export function storiesOf(sources: Sources): readonly Story[] {
  return sources.events.flatMap((event): readonly Story[] => {
    if (event.type === "switch") return [switchStory(event, sources)];
    if (event.type === "pod_leaving") return [stopStory(event, sources)];
    return [];
  });
}

/** One that goes on may still change; so may one whose time after is not over yet. */
export function isSettled({ until }: Story, now: number): boolean {
  return until !== undefined && now - until >= 10_000;
}
