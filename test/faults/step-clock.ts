/**
 * Loaded into the service before anything else (`node --import`): at SIGWINCH its wall clock steps ahead by
 * STEP_CLOCK_MS milliseconds, as when the clock of its machine is corrected.
 */
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;
process.on('SIGWINCH', () => {
  ahead += Number(process.env['STEP_CLOCK_MS']);
});
