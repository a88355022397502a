/* Before the first paint: the theme that was chosen here, if one was.  A classic script, so that nothing is drawn first. */
try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark')
        document.documentElement.dataset.theme = theme;
} catch {
    /* No storage: the system's theme it is. */
}
