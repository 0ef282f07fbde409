/**
 * Loaded into the service before anything else (`node --import`): at SIGWINCH its wall clock steps ahead by so many
 * milliseconds as STEP_CLOCK_MS says, as it does for a process whose machine's clock is set right.
 */
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;
process.on('SIGWINCH', () => {
  ahead += Number(process.env['STEP_CLOCK_MS']);
});
