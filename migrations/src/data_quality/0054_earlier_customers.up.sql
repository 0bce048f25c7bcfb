-- Numbers that were put before this release were looked for on customers that came after them alone.
INSERT INTO staff_changes (dealer, position) SELECT dealer, 0 FROM dealer_regions;
