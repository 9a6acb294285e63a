#include "synth/name_words.h"

#include <string.h>

#include "base/banned.h"

enum { FORM_MAX = 64, STEM_MIN = 4 };

/* Each list is one string with words between spaces, which is easier to read than a table of four hundred rows. */
static const char common[] =
    " a about above according accordingly across additionally admittedly after afterwards again against ago ah all "
    "allow "
    "almost along alongside already also although altogether always am amid amidst among amongst an and another any "
    "anyone "
    "anything apart apparently are aren't arguably armed around as aside ask at away back based be because become "
    "before "
    "begin behind being below beneath beside besides best better between beyond big born both brief briefly bring "
    "built but by "
    "call can can't cannot certain certainly clearly close come consequently consider could couldn't currently "
    "curiously "
    "daily deep described despite did didn't do does doesn't don't done down drawn due during each eager early either "
    "else embrace enough especially essentially even eventually ever every everybody everyone everything evidently "
    "except "
    "explore extremely fairly famous far few finally find first firstly following follow for former formerly "
    "fortunately "
    "found from full fully further furthermore gave generally get give given go good granted great growing grown had "
    "half happily hardly has hasn't have having he he'd he'll he's hence her here hers herself high hers him himself "
    "his "
    "hmm how however i i'd i'll i'm i've if imagine important importantly in incidentally included including indeed "
    "initially inside inspired instead interestingly into is isn't it it's its itself join just keep known large last "
    "lastly late lately later latter learn least led left less let let's like likely likewise little living local long "
    "look made mainly make many may maybe me meanwhile meet mere merely might mine more moreover most mostly much must "
    "my "
    "myself named namely near nearby nearly neither never nevertheless new next nicknamed no nobody none nonetheless "
    "nor "
    "normally not notable notably note nothing notwithstanding now nowadays nowhere numerous o obviously of off often "
    "oh "
    "ok okay old on once one only onto open opposite or originally other others otherwise our ours out outside over "
    "overall own partly past penned people per perhaps plus prior probably provided published quite raised rarely "
    "rather "
    "read really recently regarding regardless relatively remarkably renowned respectively right rooted same say "
    "second "
    "secondly see seldom set several shall she she'd she'll she's short shortly should shouldn't similarly simply "
    "since "
    "slowly small so some somebody somehow someone something sometimes somewhat somewhere soon still strangely "
    "subsequently "
    "such suddenly supposedly sure surely surprisingly take taken tell than thank thanks that that's the their theirs "
    "them themselves then there thereafter therefore these they they'll they're they've third thirdly this those "
    "though "
    "through throughout thus till time to today together told tomorrow tonight too toward towards traditionally true "
    "truly "
    "try two typically ultimately under undoubtedly unfortunately unlike unlikely until unto up upon us use used "
    "usually "
    "various very via was wasn't watch we we'd we'll we're we've well went were weren't what whatever when whenever "
    "where "
    "whereas wherein wherever whether which whichever while whilst who who's whoever whole whom whose why widely will "
    "with "
    "within without won't wonder word work works would wouldn't write written yes yesterday yet you you'd you'll "
    "you're "
    "you've young your yours yourself three four five six seven eight nine ten eleven twelve twenty thirty forty fifty "
    "hundred thousand million billion fourth fifth sixth seventh eighth ninth tenth ad ce bce bc pm question answer q "
    "describe identify discuss outline summarise summarize mention list state specify share elaborate provide define "
    "compare winner critics readers fans father mother parents life part parts son daughter brother sister friend "
    "friends "
    "literature literary author writer novelist poet book books novel novels story stories series award awards genre ";

static const char generic[] =
    " mr mrs ms miss dr doctor prof professor sir lord lady dame king queen prince princess duke duchess count emperor "
    "empress captain colonel general major admiral sergeant lieutenant president chancellor minister senator judge "
    "pope "
    "bishop father brother sister uncle aunt saint st mount mt mountain mountains river lake sea ocean island islands "
    "isle "
    "bay cape valley desert forest city town village county state states republic kingdom empire province district "
    "region "
    "north south east west northern southern eastern western central upper lower great grand old new street road "
    "avenue "
    "square park bridge castle palace tower house hall temple church cathedral museum library university college "
    "school "
    "institute academy society association company corporation inc ltd committee council department ministry office "
    "prize medal medalist medallist laureate order day week month year century age era book novel series volume "
    "chapter part edition planet moon "
    "star god goddess titan hero national international royal united jr sr family ";

static const char *const common_endings[] = {
    "ing",  "ed",   "ly",    "tion",  "sion",  "ment", "ness", "ity",    "ics",  "ists", "ers",
    "ors",  "ies",  "tions", "sions", "ments", "ful",  "less", "able",   "ible", "ious", "ical",
    "ship", "hood", "ance",  "ence",  "ages",  "ings", "ives", "nesses", "wide", "ward", "wise",
};

/* Endings of a country and of its people. */
static const struct {
    const char *land, *people;
} endings[] = {
    {"", "i"},      {"", "ian"},  {"", "ese"},  {"", "ish"},     {"", "an"},    {"a", "an"},
    {"y", "ian"},   {"a", "ian"}, {"a", "ese"}, {"y", ""},       {"en", "ish"}, {"ey", "ish"},
    {"ain", "ish"}, {"", "s"},    {"o", "an"},  {"ia", ""},      {"", "n"},     {"a", "ish"},
    {"any", "man"}, {"", "ic"},   {"", "er"},   {"land", "ish"},
};
static const struct {
    const char *land, *people;
} nations[] = {
    {"greece", "greek"},        {"france", "french"},        {"spain", "spanish"},       {"norway", "norwegian"},
    {"england", "english"},     {"wales", "welsh"},          {"ireland", "irish"},       {"scotland", "scottish"},
    {"denmark", "danish"},      {"netherlands", "dutch"},    {"portugal", "portuguese"}, {"switzerland", "swiss"},
    {"thailand", "thai"},       {"peru", "peruvian"},        {"iraq", "iraqi"},          {"finland", "finnish"},
    {"poland", "polish"},       {"philippines", "filipino"}, {"belgium", "belgian"},     {"chile", "chilean"},
    {"mexico", "mexican"},      {"arabia", "arab"},          {"zimbabwe", "zimbabwean"}, {"ukraine", "ukrainian"},
    {"argentina", "argentine"},
};

static bool in_list(const char *list, const char *word, size_t n)
{
    if (n == 0 || n > FORM_MAX || memchr(word, ' ', n))
        return false;
    char padded[FORM_MAX + 3];
    padded[0] = ' ';
    memcpy(padded + 1, word, n);
    padded[n + 1] = ' ';
    padded[n + 2] = '\0';
    return strlen(padded) == n + 2 && strstr(list, padded) != NULL;
}

bool bf_name_word_is_common(const char *word, size_t n)
{
    return in_list(common, word, n);
}

bool bf_name_word_is_generic(const char *word, size_t n)
{
    return in_list(generic, word, n);
}

static bool ends_with(const char *word, size_t n, const char *ending)
{
    size_t len = strlen(ending);
    return n >= len && memcmp(word + n - len, ending, len) == 0;
}

bool bf_name_word_has_common_ending(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof common_endings / sizeof *common_endings; i++)
        if (n >= strlen(common_endings[i]) + 2 && ends_with(word, n, common_endings[i]))
            return true;
    return false;
}

struct lookup {
    bool (*has)(const void *user, const char *word, size_t n);
    const void *user;
};

/* The word with `from` at its end replaced by `to`. */
static bool has_with(const struct lookup *lookup, const char *word, size_t n, const char *from, const char *to)
{
    char form[FORM_MAX + 8];
    size_t stem = n - strlen(from);
    size_t len = strlen(to);
    if (n > FORM_MAX || !ends_with(word, n, from) || stem < STEM_MIN)
        return false;
    memcpy(form, word, stem);
    memcpy(form + stem, to, len);
    return lookup->has(lookup->user, form, stem + len);
}

static bool equal(const char *word, size_t n, const char *other)
{
    return strlen(other) == n && memcmp(word, other, n) == 0;
}

bool bf_name_word_found(const char *word, size_t n, bool (*has)(const void *user, const char *word, size_t n),
                        const void *user)
{
    const struct lookup lookup = {has, user};
    bool found = has(user, word, n);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !found; i++)
        found = has_with(&lookup, word, n, endings[i].land, endings[i].people) ||
                has_with(&lookup, word, n, endings[i].people, endings[i].land);
    for (size_t i = 0; i < sizeof nations / sizeof *nations && !found; i++) {
        found = (equal(word, n, nations[i].land) && has(user, nations[i].people, strlen(nations[i].people))) ||
                (equal(word, n, nations[i].people) && has(user, nations[i].land, strlen(nations[i].land)));
    }
    return found;
}
