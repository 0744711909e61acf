"""The article's questions as visitors might put them.

Written before there was anything to try them on, and not touched since: each
shares few words with the question as it stands, some share none with any
page, and those no index of words can answer.
"""

REWORDINGS = {
    'what-was-the-context-of-the-discussion': [
        'the joke about Trump ending a war with Albania',
        'who was there when the French president was told about Trump',
        'Edi Rama conversation',
        'what did they make of Donald Trump\'s claim',
        'Albanian prime minister and the French leader',
    ],
    'why-did-aliyev-mention-the-1920': [
        'Bolsheviks marching in a century ago',
        'the Red Army taking over the country',
        'historical grievances against Russia',
        'old wounds from Soviet times',
        'long-standing Russian influence',
    ],
    'how-has-azerbaijan-supported-ukraine': [
        'position on Ukrainian territorial integrity',
        'does Baku stand with Kyiv',
        'commitment to stability and peace in the region',
        'which side since the onset of the war',
        'backing Ukraine when the Russians invaded',
    ],
    'what-happened-during-the-crash': [
        'why did the aircraft go down',
        'passenger jet hit by shelling',
        'flight brought down from the ground',
        'cause of the tragic air disaster',
        'shells over Russian territory',
    ],
    'why-did-azerbaijan-allocate-1-million': [
        'how much money was given to the Ukrainians',
        'help for people in the humanitarian crisis',
        'gesture of solidarity',
        'one million dollars donation',
        'funds sent by the government',
    ],
    'why-did-aliyev-cancel-his-visit': [
        'why was Victory Day skipped',
        'trip to the Russian capital cancelled',
        'not attending the May parade',
        'decision about going to Moscow',
        'absence from the celebrations in May',
    ],
    'what-are-the-implications-of-zelenskyys': [
        'what did the Ukrainian leader talk about',
        'fighting misinformation together',
        'mutual cooperation of the two presidents',
        'importance of meeting Volodymyr',
        'regional challenges for Kyiv and Baku',
    ],
    'how-does-aliyev-respond-to-pashinyans': [
        'Armenian accusations',
        'answer to the fascist label',
        'Nikol\'s words and bilateral relations',
        'row with the prime minister in Yerevan',
        'being called fascists by Armenia',
    ],
    'what-was-putins-response': [
        'did Vladimir say sorry',
        'Kremlin apologised personally',
        'Russian president apologises for the accident',
        'unfortunate accident and diplomacy',
        'who took the blame for the downed airliner',
    ],
}
