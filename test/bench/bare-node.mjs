// What every Node program takes: nothing but Node itself.
setInterval(() => {}, 60_000);
process.stdout.write('ready\n');
