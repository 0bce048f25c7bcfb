-- What was taken back before goes where it now belongs: whatever is deleted is kept there.
DELETE FROM guarantee_terms WHERE taken_back_at IS NOT NULL;
