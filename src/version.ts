// The version of sluice; package.json has the same, which a test compares.

export const VERSION = "0.1.0";
