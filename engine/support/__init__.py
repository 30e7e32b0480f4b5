"""What the whole engine leans on: errors, languages, the user's files, the machine, devices."""
