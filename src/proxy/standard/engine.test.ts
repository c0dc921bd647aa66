import { attemptsSuite } from "../engine-suite/attempts.ts";
import { endingsSuite } from "../engine-suite/endings.ts";
import { faultsSuite } from "../engine-suite/faults.ts";
import { messagesSuite } from "../engine-suite/messages.ts";
import { pipelinesSuite } from "../engine-suite/pipelines.ts";
import { tunnelsSuite } from "../engine-suite/tunnels.ts";
import { createStandardEngine } from "./engine.ts";

messagesSuite(createStandardEngine);
faultsSuite(createStandardEngine);
attemptsSuite(createStandardEngine);
endingsSuite(createStandardEngine);
tunnelsSuite(createStandardEngine);
pipelinesSuite(createStandardEngine);
