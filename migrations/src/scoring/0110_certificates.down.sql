ALTER TABLE guarantee_terms DROP COLUMN wear_parts;
ALTER TABLE guarantee_terms DROP COLUMN battery_fade_percent;
ALTER TABLE guarantee_terms DROP COLUMN usage_fee_basis_points;
