/* Addresses for people. */
#ifndef BF_BASE_URL_H
#define BF_BASE_URL_H

/* The address, or a list of them with commas, as it may be printed: without a user name and password before the host,
 * and without what follows '?' or '#', where keys are; "..." in their place. A comma separates addresses where the next
 * one begins with a scheme ("http://"). free(). */
char *bf_url_shown(const char *urls);

#endif
