// A provider's own lines for a grant that nobody has asked for yet: names that do not exist yet stand in brackets.

import type { PlanRequest, Provider } from '../providers/provider.ts';

// As long as real ones, so that what is limited by the target has its real size; the zeros are never drawn, in practice.
const lease = `l${'0'.repeat(15)}`;
const grant = `g${'0'.repeat(11)}`;

/** @throws JitError as the provider's `plan`, e.g. for a policy that is larger than the vendor takes */
export function previewLines(provider: Provider, request: Omit<PlanRequest, 'lease' | 'grant'>): string[] {
  return provider
    .plan({ ...request, lease, grant })
    .preview.map((line) => line.replaceAll(lease, '<lease>').replaceAll(grant, '<grant>'));
}
