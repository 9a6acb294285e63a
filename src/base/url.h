/* Showing addresses without their secrets. */
#ifndef BF_BASE_URL_H
#define BF_BASE_URL_H

/* An address, or a list of them with commas, in a form that can be printed: "..." replaces a user name and password
 * before the host, and everything after '?' or '#', where keys may be. A comma only separates addresses when a scheme
 * ("http://") follows. free(). */
char *bf_url_shown(const char *urls);

#endif
