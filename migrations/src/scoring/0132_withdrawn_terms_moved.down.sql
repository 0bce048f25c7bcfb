INSERT INTO guarantee_terms (vin, model, sold_from, period_months, period_km, repair_months, repair_km, usage_fee_basis_points, battery_fade_percent, wear_parts, taken_back_at)
SELECT vin, model, sold_from, period_months, period_km, repair_months, repair_km, usage_fee_basis_points, battery_fade_percent, wear_parts, 0 FROM withdrawn_terms AS w WHERE NOT EXISTS (
    SELECT 1 FROM guarantee_terms AS t WHERE t.vin = w.vin AND t.model = w.model AND t.sold_from = w.sold_from);
