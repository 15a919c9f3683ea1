/** The roles that can be given, in the order in which they are shown. */
export const ROLES = [
  'staff', 'dispatcher', 'handler', 'grid_worker', 'planner', 'steward', 'commander', 'auditor', 'administrator',
] as const
