-- What the certificate of the three guarantees says beside its periods (SAMR Order 43, Art. 9).
-- Usage fee per 1,000 km as a share of the price, in hundredths of a per cent: the law's most, unless less was promised.
ALTER TABLE guarantee_terms ADD COLUMN usage_fee_basis_points BIGINT NOT NULL DEFAULT 50;
-- Capacity that the traction battery may lose, in per cent of what it had; null if not said.
ALTER TABLE guarantee_terms ADD COLUMN battery_fade_percent BIGINT;
-- Parts that wear, with a term each, as JSON; empty if none is named.
ALTER TABLE guarantee_terms ADD COLUMN wear_parts TEXT NOT NULL DEFAULT '';
