// The SDK's own chain of credentials, in a file of its own that is loaded when a target wants it: a package that esbuild
// turns into a chunk keeps its names only when it is imported statically.

export { fromNodeProviderChain } from '@aws-sdk/credential-providers';
