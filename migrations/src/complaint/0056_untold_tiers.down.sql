UPDATE complaints SET tier = 'ordinary' WHERE tier = '';
