export * from "./History.ts"
export * from "./Linearizability.ts"
export * from "./Register.ts"
export * from "./Workload.ts"
