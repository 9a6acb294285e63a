#include "lab/world_words.h"

#include "base/banned.h"

#define LIST(name, ...)                                                                                                \
    static const char *const name##_words[] = {__VA_ARGS__};                                                           \
    const struct bf_world_list name = {name##_words, sizeof name##_words / sizeof *name##_words}

LIST(bf_world_first_starts, "Or", "Ven", "Tal", "Mir", "Bre", "Kes", "Lun", "Dar", "Sil", "Fen", "Hal", "Jor", "Quil",
     "Ros", "Ther", "Wen", "Ilv", "Nas", "Pel", "Zan");
LIST(bf_world_first_ends, "la", "rick", "wen", "dor", "sa", "mund", "ia", "eth", "an", "ora", "is", "len", "vin", "da");
LIST(bf_world_family_starts, "Ash", "Bram", "Cald", "Dun", "Ever", "Fal", "Grim", "Hol", "Lark", "Mor", "Nether",
     "Pell", "Quar", "Raven", "Stan", "Thorn", "Under", "Wick", "Yar", "Zell");
LIST(bf_world_family_ends, "combe", "dale", "field", "ford", "gate", "ham", "ley", "mere", "more", "ridge", "stead",
     "ton", "worth", "brook");
LIST(bf_world_town_starts, "Aldra", "Belmo", "Corvi", "Draske", "Eskel", "Fyrna", "Gorta", "Hespe", "Ilmo", "Jasse",
     "Korre", "Lyske", "Nyra", "Ostre", "Praxi", "Quene", "Ruska", "Selve", "Tyrne", "Umbra", "Vaske", "Zelme");
LIST(bf_world_town_ends, "holm", "mark", "mouth", "stadt", "vale", "wold", "haven", "grad", "minster", "port");
LIST(bf_world_circles, "Academy", "Circle", "Guild", "Observatory", "Workshop", "Fellowship", "Conservatory", "Society",
     "Company", "Library", "Institute", "Order", "Assembly", "League", "House", "Council");
LIST(bf_world_professions, "glassblower", "cartographer", "clockmaker", "bell founder", "botanist", "lighthouse keeper",
     "bookbinder", "astronomer", "puppeteer", "shipwright", "perfumer", "stonemason", "falconer", "organ builder",
     "beekeeper", "violin maker", "papermaker", "weaver", "geologist", "locksmith", "potter", "lens grinder", "saddler",
     "dyer");
LIST(bf_world_title_first, "Amber", "Silent", "Ninth", "Copper", "Drowned", "Hollow", "Paper", "Winter", "Crooked",
     "Salt", "Velvet", "Iron", "Borrowed", "Painted", "Wandering", "Glass", "Midnight", "Broken", "Gilded", "Distant",
     "Scarlet", "Sleeping", "Second", "Patient");
LIST(bf_world_title_second, "Lantern", "Staircase", "Orchard", "Compass", "Harbour", "Almanac", "Mirror", "Bridge",
     "Sparrow", "Garden", "Letter", "Window", "Anchor", "Carousel", "Thimble", "Meadow", "Archive", "Bell", "Ferry",
     "Chimney", "Hourglass", "Ladder", "Riddle", "Tapestry");
LIST(bf_world_habits, "collecting sea shells", "playing the hurdy-gurdy", "breeding snails", "carving chess pieces",
     "swimming in cold lakes", "baking rye bread", "flying paper kites", "writing limericks", "pressing ferns",
     "walking on stilts", "keeping newts", "painting teacups", "whittling spoons", "climbing church towers",
     "growing giant pumpkins", "tuning old pianos", "tracking hedgehogs", "solving acrostics", "knitting socks",
     "juggling apples", "studying moss", "mending umbrellas", "racing pigeons", "drawing mazes");
