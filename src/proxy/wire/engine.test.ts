import { attemptsSuite } from "../engine-suite/attempts.ts";
import { endingsSuite } from "../engine-suite/endings.ts";
import { faultsSuite } from "../engine-suite/faults.ts";
import { fuzzSuite } from "../engine-suite/fuzz.ts";
import { messagesSuite } from "../engine-suite/messages.ts";
import { pipelinesSuite } from "../engine-suite/pipelines.ts";
import { slownessSuite } from "../engine-suite/slowness.ts";
import { tunnelsSuite } from "../engine-suite/tunnels.ts";
import { createWireEngine } from "./engine.ts";

messagesSuite(createWireEngine);
faultsSuite(createWireEngine);
attemptsSuite(createWireEngine);
endingsSuite(createWireEngine);
tunnelsSuite(createWireEngine);
slownessSuite(createWireEngine);
pipelinesSuite(createWireEngine);
// The fixed ones were failures once; a new one each time looks further.
fuzzSuite(createWireEngine, [3, 4, Date.now() % 1_000_000]);
