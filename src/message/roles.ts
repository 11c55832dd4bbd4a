/** The processes of the gateway (design.md §4) and those among them to which vault objects are sealed. */

export type Role = 'intake' | 'sanitizer' | 'outlet' | 'admin';

export const ROLES: readonly Role[] = ['intake', 'sanitizer', 'outlet', 'admin'];

/** 'outlet-lgwan': the role `outlet` of the LGWAN side; an internet-side outlet comes with releases. */
export type SealRole = 'sanitizer' | 'outlet-lgwan' | 'admin';
