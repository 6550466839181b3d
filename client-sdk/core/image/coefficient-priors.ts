/**
 * The distributions that every tile of coefficients begins with, measured on photographs and frozen: part of the format, and nothing
 * but numbers. Eight letters a distribution, one for each threshold. SPEC.md section 5.12.
 */
import { utf8 } from '../../protocol/bytes.js';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const top = 32_696;
/** How many uses they count as, doubled as in the kernel. */
const uses = 24;
/** Rows of distributions and how many each has, in the order of the kernel, where a row has room for 16 or, alone, for all. */
const groups = [[14, 14], [14, 14], [2, 14], [1, 16], [1, 12], [1, 64], [2, 16]] as const;
/** A distribution in the kernel: thresholds, then its uses. */
const entryBytes = 32;
const usesAt = 16;
const thresholds = 8;

/** The first distributions as the kernel wants them. */
export function firstDistributions(): Uint8Array {
  const values = Uint16Array.from(letters, (_, level) => Math.floor((top * level * level * (189 - 2 * level)) / 250_047));
  const order = new Uint8Array(128);
  utf8(letters).forEach((letter, level) => {
    order[letter] = level;
  });
  const levels = utf8(text.join('')).map((letter) => order[letter]!);
  const rows = groups.flatMap(([count, length]) => new Array<number>(count).fill(length));
  const bytes = new Uint8Array(rows.reduce((sum, length) => sum + entryBytes * roomOf(length), 0));
  const view = new DataView(bytes.buffer);
  let from = 0;
  let row = 0;
  for (const length of rows) {
    for (let i = 0; i < length; i++) {
      for (let k = 0; k < thresholds; k++) view.setUint16(row + entryBytes * i + 2 * k, values[levels[from++]!]!, true);
      bytes[row + entryBytes * i + usesAt] = uses;
    }
    row += entryBytes * roomOf(length);
  }
  return bytes;
}

function roomOf(length: number): number {
  return length === 14 ? 16 : length;
}

const text = [
  '19//////NTYdinsyt8+++///v8+++///s79++///m268999+gpvz2456YeinruwxQTWYcfhkLPTUYaceJJQYacffGvxyz135NTYdinsyNTYdinsyw9+/////NTYdinsyq8++////',
  't8++////q79+////k379++++Zow25789SZgmrvz1JWacjmopbeehhhhkNTYdinsyHKNPRy14NTYdinsyNTYdinsyt8+/////NTYdinsyo7+/////q8+++///n69+////j279++++',
  'Ypy25789Qbkpuxz1LVZcehkojjjkmqttGIKMNOQRNTYdinsyNTYdinsyNTYdinsyr7+/////NTYdinsym69+////o69++///l59+////h2799+++Zrz35789Qainsw03RZcchhko',
  'efffggghNTYdinsyNTYdinsyNTYdinsyNTYdinsyp6++////NTYdinsyk59++///l59++///j48++///f0689+++Yqz36789Pajpux02SZdgjlorgijlmoopWWWX',
  'XXdjHKNPRTVX',
  'NTYdinsyNTYdinsyk38++///NTYdinsyg179++++h289++++f079++++cx4799++Wox25788Paipux02SZdgkmoqfjlmnpqrcehknsuxGIKMNOQjNTYdinsyNTYdinsygy589++/',
  'NTYdinsyau26899+bu26899+Zs15799+Wox25789Shqx1467OZiotx02PWbgjmprYcegjlnpTXadfmrucdefgh35NTYdinsyNTYdinsyfu046899NTYdinsyWmu03577Wmu03567',
  'Vltz3567Shqw0356Pbkqvz24NXflquxzQZfkosvxRVZdhknqQTZcfimpLXhnor00NTYdinsyNTYdinsykx145677NTYdinsyaotwz012aotwy013Ymswy022Whosvy01Rcjptxz1',
  'Rcjpux02QYejosvyRYfkptwyPVafjnqtJQXhlotwGIKMNhijNTYdinsyx1234678NTYdinsynstvy034mrtvx134lrtvx024gnqtvy13Yhoswz23Tdkquy02Tckquy13QYfkosvy',
  'Ragmrux0QYdjnquwOVdflquxNTYdinsy146779//NTYdinsyoty12367ouw01455pty12468kqvz1356enty0246Whpuy135Tdkqux02Tdkquy13RZflptwzSdjpux13Xcgkrw04',
  'NTYdinsy8888999+NTYdinsyw5667789y4556789y4579+++u14699//nw25789/dpw03678Whouy135Tcjptx02Tdkqvz24Sbhnswz1Ydjpvz24NTYdinsyxyz01346NTYdinsy',
  'oqsuwy14NTYdinsy0122346744556778z7778899my48899+ajov0357Scjrwz24Rainsvz1Uajptvy2Qbgnrt05NTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsy',
  'NTYdinsyNTYdinsyNTYdinsyNTYdinsyFkz01346Dllt4568FYYlmnnoNTYdinsyNTYdinsy3+//////NTYdinsyr69++++/v79999++s68+++++gw257788emtx0134gjloqsuw',
  'degiklnpINSTadfhGJLSVagkDSSTcggkHKNPRTVXNTYdinsyx9//////NTYdinsyp69+++//r79+////o59+++//hz578999Visx0245QZfknrsxPVVZZgiiGIKMNOQRFYllmnno',
  'NTYdinsyNTYdinsyNTYdinsyv9+/////NTYdinsyn699+///q69+++++m48+++//gz578999Wksy1455RaglquxzagkmnnprEGHIKKXYGIKMghijGdefghijNTYdinsyNTYdinsy',
  't8++////NTYdinsyl599+++/p6++++++k489++//fy57899+Xmuz1567PXcjlqvzSVZbccejUUffggrrGIKMNOQRNTYdinsyNTYdinsyNTYdinsyq7++////NTYdinsyi389++//',
  'l49+////i279+++/ex47899+Wmv03567RafkoquxVdghjlmoWXabgiknRZdeeeemGIKMNhijNTYdinsyHKNPRTVXk38++///NTYdinsyez68+++/gz68+++/dy589+++au268999',
  'Uluz3567OYflptwyTdfikmoqciikloprRRZZkmosFHIKLMNOHKNPRTVXNTYdinsyew489++/NTYdinsyZr15899+as16899+Yr05789+Vmw25789Rfpv0356NZhnsvy0QYcgjmpr',
  'YcehjmpsQTWZdhkoDSSTXcgtNTYdinsyNTYdinsyetz36799NTYdinsyWluz3567Xmuz3578Vktz2568Rfovz246Oajqvy13NYfmqux0RahmquxzRWaeimpsNSYdhloqPXacdilp',
  'GIKMNhijNTYdinsyiuy13578NTYdinsyXjpswy13Zntx0245Xkquy024Tfmrvy02Qbjotwz1Rcjquy13QZflptwzSahmrux0PVafjnpsMSWZdhjmLMRVcqqrNTYdinsyx2567899',
  'NTYdinsykrwz1356nw024467jswz1456dmrvy034Vflrvy13Scjpux02Tckpuy03QYfkptwyRZgmrux0OWafjmpsIPSXdknsHKNPRTVX2467889+NTYdinsyry246788uy235789',
  'rx024678lswz2467clqux035Velqvy13Tdkpuxz2Tckpux02QYflptwySahnruy0OXcglorvhhhi567824445555NTYdinsy0466888+y355559+z468999+u146789+nw034678',
  'dnuy0356Wfmrvy02Sbinsvy0Sbioswz1QYfkptwzSckqvy13Wcjoqsvv00000000NTYdinsy27778899234456786779++++25788999y4689999mw146678bkquxz12Ucjnrvx0',
  'QZflptwzRahnswz1QYfmruyzVbilprsv33455678NTYdinsyoqsuwy14oqsuwy1445566789666778897788899+v1334444pwz14556ajosxz14RYejnruxMTafkoswOXeloswy',
  'NVcinu2+69+/////69+/////59+/////49+/////189+////z69++///w68++///bx589++/NVrz4688ZdgikotxNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsy',
  'NTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsy399++++/s489+///swz35567z14444551667788944556778NTYdinsys279++//079++///189+////49+/////59+/////',
  '389+++++39+/////26799+++2789++//7+//////58+++///59//////49+/////289+////379+////179+++//4557899/6++/////399++++/t79++++/i5799++/Ww4689+/',
  'Pjx3689/KWmw357/HOXiu04/EINVgqy/CCDFIOY/eloqtvy/lr01378/QUqsw34/NRZcjuw/JMSVcnq/NTYdinsyRSVYdlp/NTYdinsyafoquy0/cnorz58/Wfhlt06/Racgpy6/',
  'NWZemu4/jtuw268/NUWbjt2/NTYdinsyfmoqu24+KRakwy2/JPYjvw0/INVerty/INUcnpw/KSclz13/JOUajnu/NTYdinsyLSckrr39Xgjmsux/Tbejruy/Tbeirux/Tbeiqtx/',
  'Yfhnxz1/QXafnqu/NTYdinsyffov0009QZfknqx/MSYnqu0/NWcimqx/OWcikov/PXdpru0/NTZgjnv/NTYdinsyQWeoqqv9PVchlpw/NTchlov/LRZfjnv/LRZeimu/PVdilpw/',
  'IOVcgjr/NTYdinsyCKXagiu9OTXbfr1/NRVadp0/LQUYcp0/LQUYbo0/SXcgju2/KOSVZly/NTYdinsyNNVaah29KQWZgmu/IOTWdjr/GKORXdm/EHKNRXh/LSYbinu/NTYdinsy',
  'NTYdinsyGLQTZfo+iz456777NTYdinsyNTYdinsyNTYdinsybu045678Wkswz234Pbiosvy0NTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsy',
  'NTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyNTYdinsyYksx0235Wipux013alrvz134cnuy1356epw03567frx13567gsz35789jptx999+NTYdinsyNTYdinsy',
] as const;
