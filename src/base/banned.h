/* Functions that this code base does not use, because of unbounded writes, silent failures or hidden state. */
#ifndef BF_BASE_BANNED_H
#define BF_BASE_BANNED_H

#define BF_BANNED(func) sorry_##func##_is_banned_see_base_banned_h

#undef strcpy
#define strcpy(a, b) BF_BANNED(strcpy)
#undef strcat
#define strcat(a, b) BF_BANNED(strcat)
#undef strncpy
#define strncpy(a, b, n) BF_BANNED(strncpy)
#undef strncat
#define strncat(a, b, n) BF_BANNED(strncat)
#undef sprintf
#define sprintf(...) BF_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BF_BANNED(vsprintf)
#undef strtok
#define strtok(a, b) BF_BANNED(strtok)
#ifdef BF_NO_PRINTF
/* Banned in the program, but not in tests: text for people goes through base/print.h, which keeps control characters
 * away from terminals. */
#undef printf
#define printf(...) BF_BANNED(printf)
#undef fprintf
#define fprintf(...) BF_BANNED(fprintf)
#undef puts
#define puts(a) BF_BANNED(puts)
#undef putchar
#define putchar(c) BF_BANNED(putchar)
#endif
#undef gets
#define gets(a) BF_BANNED(gets)
#undef atoi
#define atoi(a) BF_BANNED(atoi)
#undef atof
#define atof(a) BF_BANNED(atof)
#undef rand
#define rand() BF_BANNED(rand)

#endif
